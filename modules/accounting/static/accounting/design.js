/* The invoice designer: blocks move without a round trip, the logo and the colour answer at once. */
(function () {
  "use strict";
  var doc = document, form = doc.querySelector("form[data-logo]");
  if (!form) { return; }
  var list = form.querySelector("[data-arrange]"), said = form.querySelector("[data-said]");
  function changed() { form.dispatchEvent(new Event("input", { bubbles: true })); }
  function part(html, id) {
    var box = doc.createElement("template"), old = doc.getElementById(id);
    box.innerHTML = html;
    var fresh = box.content.getElementById(id);
    if (fresh && old) { old.replaceWith(fresh); }
    return fresh;
  }

  list.addEventListener("click", function (event) {
    var button = event.target.closest("[data-move]");
    if (!button) { return; }
    event.preventDefault();
    var row = button.closest("li"), up = button.getAttribute("data-move") === "-1";
    var other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) { return; }
    if (up) { other.before(row); } else { other.after(row); }
    /* at the end of the list this button is not there any more: its neighbour is where the hands are */
    var gone = up ? !row.previousElementSibling : !row.nextElementSibling;
    (gone ? row.querySelector('[data-move="' + (up ? "1" : "-1") + '"]') : button).focus();
    said.textContent = said.getAttribute("data-words").replace("{}", Array.prototype.indexOf.call(list.children, row) + 1);
    changed();
  });

  form.addEventListener("change", function (event) {
    if (event.target.type !== "file" || !event.target.files.length) { return; }
    fetch(form.getAttribute("data-logo"), { method: "POST", body: new FormData(form), headers: { Accept: "text/html" }, credentials: "same-origin" })
      .then(function (answer) { return answer.status === 200 || answer.status === 422 ? answer.text() : Promise.reject(); })
      .then(function (html) {
        var fresh = part(html, "logo-part");
        if (fresh) { fresh.querySelector("input[type=file]").focus(); changed(); }
      }).catch(function () { /* the file is sent with the form all the same */ });
  });

  var color = form.querySelector("[name=color]"), chooser = form.querySelector("[data-color-chooser]"), timer = 0;
  function note() {
    fetch(form.getAttribute("data-color") + "?color=" + encodeURIComponent(color.value), { headers: { Accept: "text/html" }, credentials: "same-origin" })
      .then(function (answer) { return answer.ok && !answer.redirected ? answer.text() : ""; })
      .then(function (html) { part(html, "color-note"); }).catch(function () { /* it is checked when it is kept */ });
  }
  chooser.hidden = false;
  chooser.addEventListener("input", function () { color.value = chooser.value; });
  color.addEventListener("input", function () { if (/^#[0-9a-f]{6}$/i.test(color.value)) { chooser.value = color.value; } });
  form.addEventListener("input", function (event) {
    if (event.target === color || event.target === chooser) { clearTimeout(timer); timer = setTimeout(note, 400); }
  });
})();
