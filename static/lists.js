/* Helps for lists: choosing rows, filters without empty fields, suggestions, totals. Every list works without this file. */
(function () {
  "use strict";
  var doc = document, form = doc.getElementById("list-form"), bar = doc.querySelector("[data-list-bar]");
  function all(selector, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(selector)); }

  /* --- choosing rows: a tick, a range with shift, the page, everything ------------------------------------- */
  function boxes() { return all("input[name=id][form=list-form]"); }
  var last = null, everything = bar && bar.querySelector("[data-list-everything]"), head = doc.querySelector("[data-list-all]");
  function show() {
    var list = boxes(), chosen = list.filter(function (box) { return box.checked; }), whole = everything && everything.checked;
    list.forEach(function (box) { box.closest("tr").classList.toggle("is-chosen", box.checked); });
    if (head) { head.checked = list.length > 0 && chosen.length === list.length; head.indeterminate = chosen.length > 0 && !head.checked; }
    if (!bar) { return; }
    bar.classList.toggle("is-on", chosen.length > 0 || Boolean(whole));
    doc.body.classList.toggle("has-list-bar", bar.classList.contains("is-on"));
    var words = bar.querySelector("[data-list-count]");
    words.textContent = words.getAttribute("data-text").replace("{count}", whole ? everything.getAttribute("data-count") : chosen.length);
  }
  function tick(list, wanted) { list.forEach(function (box) { box.checked = wanted; }); }
  doc.addEventListener("click", function (event) {
    var box = event.target;
    if (!box.matches || !box.matches("input[name=id][form=list-form]")) { return; }
    var list = boxes(), from = list.indexOf(last), to = list.indexOf(box);
    if (event.shiftKey && from >= 0) { tick(list.slice(Math.min(from, to), Math.max(from, to) + 1), box.checked); }
    last = box;
  });
  doc.addEventListener("change", function (event) {
    var field = event.target;
    if (field === head) { tick(boxes(), head.checked); }
    if (field === everything && everything.checked) { tick(boxes(), true); }
    if (field.name === "id" && !field.checked && everything) { everything.checked = false; }
    if (form && (field === head || field === everything || field.name === "id")) { show(); }
  });
  function none() { tick(boxes(), false); if (everything) { everything.checked = false; } show(); }
  all("[data-list-none]").forEach(function (button) { button.addEventListener("click", none); });
  doc.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && bar && bar.classList.contains("is-on") && !doc.querySelector("dialog[open], details.menu[open]")) { none(); }
  });
  if (form) { show(); window.addEventListener("pageshow", show); }

  /* --- filters: a short address, a record by its number -------------------------------------------------------- */
  all("form[data-clean]").forEach(function (filters) {
    filters.addEventListener("formdata", function (event) {
      Array.from(event.formData.keys()).forEach(function (name) { if (!event.formData.get(name)) { event.formData.delete(name); } });
      all("[data-id]", filters).forEach(function (field) { if (field.value) { event.formData.set(field.name, field.getAttribute("data-id")); } });
    });
  });
  all("select[data-period]").forEach(function (period) {
    var days = all("input[type=date]", period.closest(".field"));
    period.addEventListener("change", function () { if (period.value) { days.forEach(function (day) { day.value = ""; }); } });
    days.forEach(function (day) { day.addEventListener("input", function () { period.value = ""; }); });
  });

  /* --- suggestions while one types (a combobox with a list below) ------------------------------------------------
     data-pick="name" goes on with who was taken, as that value of the form; there Enter takes nobody before an arrow. */
  all("[data-suggest]").forEach(function (holder, index) {
    var field = holder.querySelector("input"), list = doc.createElement("ul"), asked = 0, waiting = 0;
    list.id = "suggest-" + index; list.className = "suggest-list"; list.hidden = true; list.setAttribute("role", "listbox");
    holder.appendChild(list);
    field.setAttribute("role", "combobox"); field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-autocomplete", "list"); field.setAttribute("aria-expanded", "false");
    function close() { list.hidden = true; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); }
    function current() { return list.querySelector("[aria-selected=true]"); }
    function mark(item) {
      var now = current();
      if (now) { now.setAttribute("aria-selected", "false"); }
      if (item) { item.setAttribute("aria-selected", "true"); field.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    }
    function take(item) {
      if (holder.hasAttribute("data-pick")) { pick(item.getAttribute("data-value")); }
      field.value = item.textContent; field.setAttribute("data-id", item.getAttribute("data-value"));
      close();
    }
    function pick(value) {
      var chosen = doc.createElement("input");
      chosen.type = "hidden"; chosen.name = holder.getAttribute("data-pick"); chosen.value = value;
      field.form.appendChild(chosen);
      field.form.submit();
      chosen.remove(); /* the way back brings the form as it was */
    }
    function fill(found) {
      list.textContent = "";
      found.forEach(function (one, place) {
        var item = doc.createElement("li");
        item.id = list.id + "-" + place; item.setAttribute("role", "option"); item.setAttribute("data-value", one.id); item.textContent = one.label;
        item.addEventListener("mousedown", function (event) { event.preventDefault(); take(item); });
        list.appendChild(item);
      });
      list.hidden = !found.length;
      field.setAttribute("aria-expanded", String(found.length > 0));
      if (found.length && !holder.hasAttribute("data-pick")) { mark(list.firstChild); }
    }
    function ask() {
      var mine = ++asked;
      var url = holder.getAttribute("data-suggest");
      fetch(url + (url.indexOf("?") < 0 ? "?" : "&") + "q=" + encodeURIComponent(field.value), { headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then(function (answer) { return answer.ok && !answer.redirected ? answer.json() : []; })
        .then(function (found) { if (mine === asked && doc.activeElement === field) { fill(found); } }).catch(close);
    }
    field.addEventListener("input", function () {
      field.removeAttribute("data-id");
      clearTimeout(waiting);
      if (field.value.trim()) { waiting = setTimeout(ask, 150); } else { asked++; close(); }
    });
    field.addEventListener("blur", close);
    field.addEventListener("keydown", function (event) {
      if (list.hidden) { return; }
      var now = current();
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        mark(now ? (event.key === "ArrowDown" ? now.nextSibling : now.previousSibling) || now : list.firstChild);
      } else if (event.key === "Enter" && now) { event.preventDefault(); take(now); }
      else if (event.key === "Escape") { event.stopPropagation(); close(); }
    });
  });

  /* --- a part of the page on demand: the totals -------------------------------------------------------------------- */
  doc.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-part]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    event.preventDefault();
    var id = link.getAttribute("data-part"), part = doc.getElementById(id);
    part.setAttribute("aria-busy", "true");
    fetch(link.href, { headers: { "X-Part": id, Accept: "text/html" }, credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok || answer.redirected) { throw new Error(String(answer.status)); }
      return answer.text();
    }).then(function (html) {
      var box = doc.createElement("template");
      box.innerHTML = html;
      part.replaceWith(box.content.getElementById(id));
    }).catch(function () { location.href = link.href; });
  });
})();
