// Runs before the first paint, as a classic script: the stored theme must not flash in after the other one.
try {
  const theme = localStorage.getItem('millrace.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme then holds.
}
