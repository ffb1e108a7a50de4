// Before anything is drawn: the theme that was chosen here, if one was.
(() => {
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* storage is switched off */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
