/* The search box answers while one types: arrows choose, Enter opens. Without this file Enter shows a page of hits. */
(function () {
  "use strict";
  var doc = document, form = doc.querySelector("form[data-hits]"), field = form && form.querySelector("input[type=search]");
  if (!field) { return; }
  var list = doc.createElement("div"), asked = 0, waiting = 0;
  list.className = "hits"; list.id = "search-hits"; list.hidden = true;
  list.setAttribute("role", "listbox"); list.setAttribute("aria-label", field.getAttribute("aria-label"));
  form.appendChild(list);
  field.setAttribute("role", "combobox"); field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-autocomplete", "list"); field.setAttribute("aria-expanded", "false");

  function options() { return Array.prototype.slice.call(list.querySelectorAll("[role=option]")); }
  function chosen() { return list.querySelector("[aria-selected=true]"); }
  function show(open) {
    list.hidden = !open; field.setAttribute("aria-expanded", String(open));
    if (!open) { field.removeAttribute("aria-activedescendant"); }
  }
  function choose(item) {
    var now = chosen();
    if (now) { now.setAttribute("aria-selected", "false"); }
    item.setAttribute("aria-selected", "true"); field.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }
  function part(tag, css, text) { var made = doc.createElement(tag); made.className = css; made.textContent = text; return made; }
  function group(one, place) {
    var box = doc.createElement("div"), title = part("div", "hits-title", one.title);
    box.setAttribute("role", "group"); title.id = "hits-" + place; box.setAttribute("aria-labelledby", title.id);
    box.appendChild(title);
    one.hits.forEach(function (hit, index) {
      var item = part("a", "hit", "");
      item.href = hit.url; item.id = "hit-" + place + "-" + index; item.tabIndex = -1;
      item.setAttribute("role", "option"); item.setAttribute("aria-selected", "false");
      item.appendChild(part("span", "hit-label", hit.label));
      if (hit.detail) { item.appendChild(part("span", "hit-detail", hit.detail)); }
      box.appendChild(item);
    });
    return box;
  }
  function fill(groups) {
    list.textContent = "";
    groups.forEach(function (one, place) { list.appendChild(group(one, place)); });
    if (!groups.length) { list.appendChild(part("div", "hits-title", form.getAttribute("data-text-none"))); }
    show(true);
  }
  function ask() {
    var mine = ++asked;
    fetch(form.getAttribute("data-hits") + "?q=" + encodeURIComponent(field.value), { headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then(function (answer) { if (!answer.ok || answer.redirected) { throw new Error(String(answer.status)); } return answer.json(); })
      .then(function (groups) { if (mine === asked && doc.activeElement === field) { fill(groups); } })
      .catch(function () { show(false); });
  }
  field.addEventListener("input", function () {
    clearTimeout(waiting);
    if (field.value.trim().length > 1) { waiting = setTimeout(ask, 120); } else { asked++; show(false); }
  });
  field.addEventListener("blur", function () { setTimeout(function () { if (doc.activeElement !== field) { show(false); } }, 150); });
  list.addEventListener("mousedown", function (event) { event.preventDefault(); });
  field.addEventListener("keydown", function (event) {
    if (list.hidden) { return; }
    var items = options(), index = items.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (items.length) { choose(items[(index + (event.key === "ArrowDown" ? 1 : index < 0 ? 0 : -1) + items.length) % items.length]); }
    } else if (event.key === "Enter" && index >= 0) { event.preventDefault(); items[index].click(); }
    else if (event.key === "Escape") { event.stopPropagation(); show(false); }
  });
})();
