// Runs before the page is drawn: the chosen theme, and what this browser can do.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage is closed to us: the system's theme it is.
  }
  // Where flags are missing, a pair of regional letters is drawn as wide as two letters.
  const pen = document.createElement("canvas").getContext("2d");
  if (pen) {
    pen.font = "20px sans-serif";
    const flag = pen.measureText("\u{1F1EE}\u{1F1F3}").width;
    const letters = pen.measureText("\u{1F1EE}").width + pen.measureText("\u{1F1F3}").width;
    if (flag >= letters) root.classList.add("no-flags");
  }
})();
