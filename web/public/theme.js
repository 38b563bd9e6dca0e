// Sets the theme that was chosen before the page is painted. Without a choice the system's holds.
try {
  var theme = localStorage.getItem("plainwork.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch (e) {
  // Storage may be off; the system's theme holds.
}
