/* A button that copies a field; without the right to the clipboard it selects it, so that a key copies it. */
(function () {
  "use strict";
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    button.addEventListener("click", function () {
      var field = document.getElementById(button.getAttribute("data-copy"));
      field.focus();
      field.select();
      function said() { button.textContent = button.getAttribute("data-text-copied"); }
      if (navigator.clipboard) { navigator.clipboard.writeText(field.value).then(said, function () {}); } else if (document.execCommand("copy")) { said(); }
    });
  });
}());
