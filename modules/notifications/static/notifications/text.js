/* A press on a placeholder writes it where the person was writing last; without this file one types it.
   Enter in the address of a test sends the test, and does not keep the text. */
(function () {
  "use strict";
  var doc = document, form = doc.getElementById("text"), help = doc.querySelector("[data-insert-help]");
  if (!form) { return; }
  var last = form.elements.namedItem("body");
  form.addEventListener("focusin", function (event) { if (/^(subject|body)$/.test(event.target.name)) { last = event.target; } });
  doc.addEventListener("click", function (event) {
    var button = event.target.closest("[data-insert]");
    if (!button) { return; }
    last.setRangeText(button.getAttribute("data-insert"), last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
  form.elements.namedItem("test_address").addEventListener("keydown", function (event) {
    if (event.key === "Enter") { event.preventDefault(); form.querySelector("button[value=test]").click(); }
  });
  if (help) { help.hidden = false; }
})();
