/* A form whose result is drawn by the server in a frame beside it, while one is typing and before it is kept.
   <form data-preview="address"> and <div data-preview-frame><iframe …></iframe></div>; the buttons work without this file. */
(function () {
  "use strict";
  var doc = document, form = doc.querySelector("form[data-preview]"), place = doc.querySelector("[data-preview-frame]");
  if (!form || !place) { return; }
  /* one drawing at a time; what is typed meanwhile is drawn once, afterwards */
  var timer = 0, count = 0, waits = 0, waiting = false, name = place.querySelector("iframe").name, title = place.querySelector("iframe").title;

  /* The form itself is sent, with its files, past the handlers that keep it from being sent twice. */
  function send(target) {
    var action = form.getAttribute("action"), before = form.target;
    form.setAttribute("action", form.getAttribute("data-preview"));
    form.target = target;
    HTMLFormElement.prototype.submit.call(form);
    form.target = before;
    if (action === null) { form.removeAttribute("action"); } else { form.setAttribute("action", action); }
  }
  /* A new frame is drawn behind the old one and takes its place when it is ready: nothing flickers, and "back" leads back. */
  function draw() {
    if (getComputedStyle(place).display === "none") { return; }
    if (Date.now() < waits) { waiting = true; return; }
    var fresh = doc.createElement("iframe");
    waiting = false;
    waits = Date.now() + 15000;
    fresh.name = name + "-" + ++count;
    fresh.title = title;
    if (place.hasAttribute("data-sandbox")) { fresh.setAttribute("sandbox", ""); }
    fresh.className = "is-coming";
    place.setAttribute("aria-busy", "true");
    place.appendChild(fresh);
    fresh.addEventListener("load", function () {
      fresh.className = "";
      while (place.firstElementChild !== fresh) { place.firstElementChild.remove(); }
      place.removeAttribute("aria-busy");
      waits = 0;
      if (waiting) { draw(); }
    });
    send(fresh.name);
  }
  function soon() { clearTimeout(timer); timer = setTimeout(draw, 500); }
  ["input", "change"].forEach(function (kind) {
    doc.addEventListener(kind, function (event) {
      var field = event.target;
      if ((field === form || field.form === form) && field.type !== "file" && !(kind === "change" && field.type !== "select-one")) { soon(); }
    });
  });
  doc.addEventListener("click", function (event) {
    var open = event.target.closest("[data-preview-open]"), again = event.target.closest("[data-preview-again]");
    if (!open && !again) { return; }
    event.preventDefault();
    if (open) { send("_blank"); } else { draw(); }
  });
  if (place.hasAttribute("data-preview-now")) { draw(); }
})();
