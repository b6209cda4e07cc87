/* Small helps for staff screens. Every screen works without this file. */
(function () {
  "use strict";
  var doc = document;
  function all(selector, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(selector)); }
  function text(name) { return doc.body.getAttribute("data-text-" + name) || ""; }
  function typing(target) { return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName); }

  /* --- keys: / search, g x go, n new, j k rows, x select, Enter open, h F1 help, ? map -------------------- */
  var waitingForGo = 0;
  function rows() { return all("table[data-rows] tbody tr, .table tbody tr").filter(function (row) { return row.querySelector("a, input[type=checkbox]"); }); }
  function current() { return doc.querySelector(".table tr.is-current"); }
  function move(step) {
    var list = rows(), now = current(), index = list.indexOf(now);
    if (!list.length) { return; }
    var next = list[Math.max(0, Math.min(list.length - 1, index < 0 ? 0 : index + step))];
    if (now) { now.classList.remove("is-current"); }
    next.classList.add("is-current");
    next.scrollIntoView({ block: "nearest" });
  }
  function open(row) { var link = row && row.querySelector("a[href]"); if (link) { link.click(); } }
  function select(row) { var box = row && row.querySelector("input[type=checkbox]"); if (box) { box.click(); } }
  function focusSearch() { var box = doc.getElementById("search"); if (box) { box.focus(); box.select(); } }
  function showKeys() { var map = doc.getElementById("keys"); if (map && map.showModal && !map.open) { map.showModal(); } }
  function go(letter) { var link = doc.querySelector('[data-go="' + letter + '"]'); if (link) { location.href = link.href; } }
  function showHelp() { var link = doc.querySelector("[data-help]"); if (link) { link.click(); } }
  function startNew() { var link = doc.querySelector("[data-new]"); if (link) { link.click(); } }

  doc.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && event.target.id === "search") { event.target.blur(); return; }
    if (event.key === "F1" && !event.shiftKey && !event.ctrlKey) { event.preventDefault(); showHelp(); return; }
    if (event.key !== "Enter" && doc.body.hasAttribute("data-no-keys")) { return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || doc.querySelector("dialog[open]")) { return; }
    if (Date.now() - waitingForGo < 1500 && /^[a-z]$/.test(event.key)) { waitingForGo = 0; event.preventDefault(); go(event.key); return; }
    var act = { "/": focusSearch, "?": showKeys, h: showHelp, g: function () { waitingForGo = Date.now(); }, n: startNew,
      j: function () { move(1); }, k: function () { move(-1); }, x: function () { select(current()); } }[event.key];
    if (event.key === "Enter" && event.target === doc.body && current()) { act = function () { open(current()); }; }
    if (act) { event.preventDefault(); act(); }
  });

  /* --- menus close when one looks elsewhere ---------------------------------------------------------------- */
  doc.addEventListener("click", function (event) {
    all("details.menu[open]").forEach(function (menu) { if (!menu.contains(event.target) || event.target.closest("button.menu-item[type=button], a.menu-item[href='#']")) { menu.open = false; } });
  });
  doc.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { all("details.menu[open]").forEach(function (menu) { menu.open = false; menu.querySelector("summary").focus(); }); }
  });
  all("[data-close]").forEach(function (button) { button.addEventListener("click", function () { button.closest("dialog").close(); }); });
  all("[data-keys]").forEach(function (button) { button.addEventListener("click", showKeys); });

  /* --- what a narrow box would cut is said in a word --------------------------------------------------------------- */
  if (window.matchMedia("(max-width: 820px)").matches) { all("input[data-short]").forEach(function (box) { box.placeholder = box.getAttribute("data-short"); }); }

  /* --- the chosen tab is seen where not all of them fit, and that more follow ------------------------------------ */
  all(".tabs").forEach(function (tabs) {
    var chosen = tabs.querySelector("[aria-current], [aria-selected=true]");
    function edges() {
      tabs.classList.toggle("has-before", tabs.scrollLeft > 1);
      tabs.classList.toggle("has-more", tabs.scrollLeft + tabs.clientWidth < tabs.scrollWidth - 1);
    }
    if (chosen) { tabs.scrollLeft += chosen.getBoundingClientRect().left - tabs.getBoundingClientRect().left - (tabs.clientWidth - chosen.offsetWidth) / 2; }
    edges();
    tabs.addEventListener("scroll", edges, { passive: true });
    window.addEventListener("resize", edges);
  });

  /* --- folded groups of the side menu stay folded ----------------------------------------------------------- */
  all("details[data-remember]").forEach(function (group) {
    var key = "abona:" + group.getAttribute("data-remember");
    try { if (localStorage.getItem(key) === "0" && !group.querySelector("[aria-current]")) { group.open = false; } } catch (error) { return; }
    group.addEventListener("toggle", function () { try { localStorage.setItem(key, group.open ? "1" : "0"); } catch (error) { /* private mode */ } });
  });

  /* --- the way back to a list keeps its filters; the row one came from is marked --------------------------------- */
  function keep(name, value) { try { sessionStorage.setItem(name, value); } catch (error) { /* private mode */ } }
  function kept(name) { try { return sessionStorage.getItem(name); } catch (error) { return null; } }
  if (doc.querySelector("[data-list-page]")) {
    keep("abona:list:" + location.pathname, location.search);
    doc.addEventListener("click", function (event) {
      var link = event.target.closest(".table tbody a[href]");
      if (link) { keep("abona:row:" + location.pathname, link.getAttribute("href")); }
    });
    all(".table tbody tr").forEach(function (row) {
      var link = row.querySelector("a[href]");
      if (link && link.getAttribute("href") === kept("abona:row:" + location.pathname)) { row.classList.add("is-current"); }
    });
  } else {
    all(".crumbs a[href]").forEach(function (link) {
      var search = link.search ? null : kept("abona:list:" + link.pathname);
      if (search) { link.search = search; }
    });
  }

  /* --- forms: ask first, send once, do not lose what was typed ------------------------------------------------ */
  var dirty = new Set();
  doc.addEventListener("input", function (event) { var form = event.target.closest("form[data-guard], form.admin-form"); if (form) { dirty.add(form); } });
  /* what is being corrected is not called wrong any more */
  doc.addEventListener("input", function (event) {
    var field = event.target.closest(".field.has-error");
    if (!field) { return; }
    field.classList.remove("has-error");
    event.target.removeAttribute("aria-invalid");
    all(".field-error", field).forEach(function (error) { error.hidden = true; });
  });
  /* Also when another form of the page is sent; who stays may go on with all of them. */
  window.addEventListener("beforeunload", function (event) {
    dirty.forEach(function (form) { if (!form.isConnected) { dirty.delete(form); } });
    if (!dirty.size) { return; }
    event.preventDefault();
    event.returnValue = "";
    setTimeout(function () { all("form[data-sent]").forEach(function (form) { release(form, false); }); }, 500);
  });
  doc.addEventListener("submit", function (event) {
    var form = event.target, asker = (event.submitter && event.submitter.getAttribute("data-confirm")) || form.getAttribute("data-confirm");
    if (asker && !window.confirm(asker)) { event.preventDefault(); return; }
    if ((form.getAttribute("method") || "").toLowerCase() !== "post") { return; }
    if (form.getAttribute("data-sent")) { event.preventDefault(); return; }
    form.setAttribute("data-sent", "1");
    dirty.delete(form);
    keepTyped(form);
    buttons(form).forEach(function (button) { button.classList.add("is-busy"); button.setAttribute("aria-disabled", "true"); });
    if (form.hasAttribute("data-download")) { setTimeout(function () { release(form, true); }, 3000); }
  });

  /* What was typed comes back where the session had ended: kept in this tab while it is sent, thrown away by the next
     page that is no login, put back for the same person on the same page after one. Secrets and files are never kept. */
  var TYPED = "abona:typed", NEVER = /^(password|file|hidden|submit|button|image|reset)$/;
  function forms(action) { return all("form").filter(function (form) { return (form.getAttribute("action") || "") === action && (form.getAttribute("method") || "").toLowerCase() === "post"; }); }
  function fields(form) { return Array.prototype.filter.call(form.elements, function (one) { return one.name && !NEVER.test(one.type) && one.tagName !== "FIELDSET"; }); }
  function chosen(field) { return Array.prototype.filter.call(field.options, function (one) { return one.selected; }).map(function (one) { return one.value; }); }
  function keepTyped(form) {
    var who = doc.body.getAttribute("data-who"), action = form.getAttribute("action") || "";
    if (!who || form.hasAttribute("data-login")) { return; }
    keep(TYPED, JSON.stringify({ who: who, path: location.pathname, action: action, place: forms(action).indexOf(form), fields: fields(form).map(function (one) {
      return [one.name, /^(checkbox|radio)$/.test(one.type) ? one.checked : one.options ? chosen(one) : one.value];
    }) }));
  }
  function putBack(field, value) {
    if (typeof value === "boolean") { field.checked = value; }
    else if (Array.isArray(value)) { if (field.options) { Array.prototype.forEach.call(field.options, function (one) { one.selected = value.indexOf(one.value) >= 0; }); } }
    else { field.value = value; }
    ["input", "change"].forEach(function (name) { field.dispatchEvent(new Event(name, { bubbles: true })); });
  }
  function restoreTyped() {
    var known = JSON.parse(kept(TYPED) || "null"), form;
    if (!known) { return; }
    if (doc.querySelector("[data-login]")) { known.late = true; keep(TYPED, JSON.stringify(known)); return; }
    try { sessionStorage.removeItem(TYPED); } catch (error) { return; }
    form = forms(known.action)[known.place];
    if (!known.late || !form || known.path !== location.pathname || known.who !== doc.body.getAttribute("data-who")) { return; }
    var left = fields(form), back = 0;
    known.fields.forEach(function (one) {
      var index = left.findIndex(function (field) { return field.name === one[0]; });
      if (index >= 0) { putBack(left.splice(index, 1)[0], one[1]); back++; }
    });
    if (back) { announce(text("restored")); }
  }
  function announce(words) {
    var note = doc.createElement("div");
    note.className = "notice notice-warn"; note.setAttribute("role", "status");
    var main = doc.getElementById("main");
    main.insertBefore(note, main.firstChild);
    setTimeout(function () { note.textContent = words; }, 50); /* a live region tells what is put into it, not what it begins with */
  }
  window.addEventListener("load", restoreTyped);

  function buttons(form) { return Array.prototype.filter.call(form.elements, function (one) { return one.type === "submit"; }); }
  /* A form may be sent again: one came back to the page, or a file is coming and the page stays (then it is another question). */
  function release(form, anew) {
    form.removeAttribute("data-sent");
    buttons(form).forEach(function (button) { button.classList.remove("is-busy"); button.removeAttribute("aria-disabled"); });
    var key = form.elements.namedItem("form_key");
    if (anew && key) { key.value = Array.prototype.map.call(crypto.getRandomValues(new Uint8Array(16)), function (one) { return (one + 256).toString(16).slice(1); }).join(""); }
  }
  window.addEventListener("pageshow", function () { all("form[data-sent]").forEach(function (form) { release(form, false); }); });
  all("[data-submit-on-change]").forEach(function (field) { field.addEventListener("change", function () { field.form.requestSubmit ? field.form.requestSubmit() : field.form.submit(); }); });
  all("[data-select-all]").forEach(function (box) {
    box.addEventListener("change", function () {
      all("input[type=checkbox][name='" + box.getAttribute("data-select-all") + "']").forEach(function (one) { one.checked = box.checked; });
    });
  });

  /* --- progress: ask the server every two seconds for the same part of the page, until it says it is done ------- */
  function poll(part) {
    var url = part.getAttribute("data-poll"), wait = Number(part.getAttribute("data-poll-seconds") || 2) * 1000;
    setTimeout(function () {
      fetch(url, { headers: { "X-Part": "1", Accept: "text/html" }, credentials: "same-origin" }).then(function (answer) {
        if (!answer.ok || answer.redirected) { throw new Error(String(answer.status)); }
        return answer.text();
      }).then(function (html) {
        var box = doc.createElement("template");
        box.innerHTML = html;
        var fresh = box.content.getElementById(part.id);
        if (!fresh) { return; }
        part.replaceWith(fresh);
        if (fresh.hasAttribute("data-poll")) { poll(fresh); } else if (fresh.hasAttribute("data-reload-when-done")) { location.reload(); }
      }).catch(function () {
        part.setAttribute("data-poll-seconds", "10");
        poll(part);
      });
    }, doc.hidden ? Math.max(wait, 10000) : wait);
  }
  all("[data-poll]").forEach(function (part) { if (part.id) { poll(part); } });

  /* --- Flask-Admin, whose own scripts expect inline handlers ----------------------------------------------------- */
  doc.addEventListener("click", function (event) {
    var action = event.target.closest("[data-admin-action]"), add = event.target.closest("[data-add-inline]"), dead = event.target.closest("a[href='#']");
    if (dead) { event.preventDefault(); }
    if (action && window.modelActions) { window.modelActions.execute(action.getAttribute("data-admin-action")); }
    if (add && window.faForm) { window.faForm.addInlineField(add, add.getAttribute("data-add-inline")); }
  });

  /* --- the number of running jobs in the header ------------------------------------------------------------------- */
  var indicator = doc.getElementById("jobs-indicator");
  function countJobs() {
    if (doc.hidden) { return; }
    fetch(indicator.getAttribute("data-count"), { headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then(function (answer) { return answer.ok && !answer.redirected ? answer.json() : null; })
      .then(function (found) {
        if (!found) { return; }
        indicator.hidden = !(found.open || found.failed);
        indicator.querySelector("[data-number]").textContent = found.text;
        indicator.querySelector("[data-failed]").hidden = !found.failed;
        indicator.classList.toggle("bad", found.failed > 0);
      }).catch(function () { /* the next round asks again */ });
  }
  if (indicator) { setInterval(countJobs, 15000); }
  if (text("ready")) { doc.documentElement.classList.add("js"); }
})();
