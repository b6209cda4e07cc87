/* The payer's page: waits until a way to pay is open, goes there, sends the form that a gateway wants. All of it works
   without a script too, by a button or by loading the page again. */
(function () {
  "use strict";
  var doc = document, wait = doc.querySelector("[data-wait]"), go = doc.querySelector("[data-go]"), form = doc.querySelector("form[data-send]");

  function ask(tries) {
    setTimeout(function () {
      fetch(wait.getAttribute("data-wait"), { headers: { Accept: "application/json" }, credentials: "same-origin" }).then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      }).then(function (found) {
        if (found.state !== wait.getAttribute("data-state")) { location.reload(); } else { ask(tries + 1); }
      }).catch(function () { ask(tries + 5); });
    }, tries < 20 ? 1500 : 8000);
  }

  if (wait) { ask(0); }
  if (go) { location.replace(go.href); }
  if (form) { form.submit(); }
  doc.addEventListener("submit", function (event) {
    var button = event.submitter;
    if (event.target.getAttribute("data-sent")) { event.preventDefault(); return; }
    event.target.setAttribute("data-sent", "1");
    setTimeout(function () { if (button) { button.disabled = true; } }, 0);
  });
  window.addEventListener("pageshow", function (event) { if (event.persisted) { location.reload(); } });
}());
