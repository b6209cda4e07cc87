/* Help beside the page: what the "?" opens, in a panel. Without this file it is a page of its own. */
(function () {
  "use strict";
  var doc = document, panel = doc.getElementById("help-panel"), opener = doc.querySelector("[data-help]");
  if (!panel || !opener) { return; }
  var shown = panel.querySelector(".help-shown"), back = panel.querySelector("[data-help-back]"), page = panel.querySelector("[data-help-page]");
  /* beside the page where there is room; else over it, and then the page waits */
  var roomy = window.matchMedia("(min-width: 1100px)"), KEPT = "abona:help";
  var way = [], asked = 0;
  function keep(url) { try { if (url) { sessionStorage.setItem(KEPT, url); } else { sessionStorage.removeItem(KEPT); } } catch (error) { /* private mode */ } }
  function kept() { try { return sessionStorage.getItem(KEPT); } catch (error) { return null; } }
  function covers() { Array.prototype.forEach.call(doc.querySelectorAll(".shell, .skip, .banner, .side-toggle"), function (part) { part.inert = !panel.hidden && !roomy.matches; }); }
  function isHelp(url) { return url.origin === location.origin && (url.pathname === "/help" || url.pathname.indexOf("/help/") === 0); }

  function show(url, quietly) {
    var mine = ++asked;
    panel.hidden = false;
    doc.body.classList.add("has-help");
    opener.setAttribute("aria-expanded", "true");
    covers();
    fetch(url, { headers: { "X-Part": "help", Accept: "text/html" }, credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok || answer.redirected) { throw new Error(String(answer.status)); }
      return answer.text();
    }).then(function (html) {
      if (mine !== asked) { return; }
      var box = doc.createElement("template");
      box.innerHTML = html;
      shown.replaceChildren(box.content);
      page.href = url;
      if (way[way.length - 1] !== url) { way.push(url); }
      back.hidden = way.length < 2;
      keep(url);
      arrive(url, quietly);
    }).catch(function () { if (mine === asked) { shown.textContent = shown.getAttribute("data-text-lost"); } });
  }
  function arrive(url, quietly) {
    var anchor = url.split("#")[1], place = anchor && doc.getElementById(decodeURIComponent(anchor)), head = place || shown.querySelector("h1");
    shown.scrollTop = 0;
    if (place) { place.scrollIntoView({ block: "start" }); }
    if (!quietly && head) { head.tabIndex = -1; head.focus({ preventScroll: true }); }
  }
  function close() {
    asked++;
    panel.hidden = true;
    way = [];
    keep(null);
    doc.body.classList.remove("has-help");
    opener.setAttribute("aria-expanded", "false");
    covers();
    opener.focus();
  }
  function plainClick(event) { return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey; }

  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", panel.id);
  doc.addEventListener("click", function (event) {
    var link = event.target.closest("[data-help]");
    if (!link || !plainClick(event)) { return; }
    event.preventDefault();
    if (!panel.hidden && way[way.length - 1] === link.href) { close(); } else { show(link.href); }
  });
  panel.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    if (!link || link === page || !plainClick(event) || !isHelp(new URL(link.href))) { return; }
    event.preventDefault();
    show(link.href);
  });
  panel.addEventListener("submit", function (event) {
    var url = new URL(event.target.action);
    if (!isHelp(url)) { return; }
    event.preventDefault();
    url.search = new URLSearchParams(new FormData(event.target)).toString();
    show(url.href);
  });
  back.addEventListener("click", function () { way.pop(); show(way[way.length - 1]); });
  panel.querySelector("[data-help-close]").addEventListener("click", close);
  doc.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && !panel.hidden && (panel.contains(doc.activeElement) || doc.activeElement === doc.body)) { close(); }
  });
  roomy.addEventListener("change", covers);
  /* who follows steps from page to page keeps them in sight */
  if (kept() && roomy.matches && !isHelp(new URL(location.href))) { show(kept(), true); } else { keep(null); }
})();
