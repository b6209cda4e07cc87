// Keys of the page of a proof: "a" goes to the button that accepts, "r" to the reason of a refusal.
(function () {
  "use strict";
  document.addEventListener("keydown", function (event) {
    if (document.body.hasAttribute("data-no-keys")) { return; }
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { return; }
    var found = document.querySelector("main [data-press='" + event.key + "']");
    if (found) { event.preventDefault(); found.focus(); found.scrollIntoView({ block: "center" }); }
  });
}());
