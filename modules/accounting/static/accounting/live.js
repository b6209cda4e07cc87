/* While one is typing, the server says what the form would give; the page works without it. */
(function () {
  "use strict";
  var place = document.querySelector("[data-live]"), form = place && place.closest("form"), timer = 0, asked = 0;
  if (!form) { return; }
  function show(html) {
    var box = document.createElement("template"), old = document.getElementById("live");
    box.innerHTML = html;
    var fresh = box.content.getElementById("live");
    if (fresh && old) { old.replaceWith(fresh); }
  }
  function ask() {
    var mine = ++asked, data = new FormData(form);
    data.set("step", "look");
    fetch(form.getAttribute("action") || location.href, { method: "POST", body: data, headers: { "X-Part": "live", Accept: "text/html" }, credentials: "same-origin" })
      .then(function (answer) { return answer.ok && !answer.redirected ? answer.text() : ""; })
      .then(function (html) { if (mine === asked && html) { show(html); } })
      .catch(function () { /* what stood there stays; the buttons work all the same */ });
  }
  form.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(ask, 350); });
})();
