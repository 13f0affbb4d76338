// Before the first paint: the reader's scheme, which the admin remembers too.
try {
  document.documentElement.dataset.theme = localStorage.theme || "auto";
} catch {} // no storage: the system's scheme
// Not in site.css, since checkers of CSS do not know this rule yet.
const calm = new CSSStyleSheet();
calm.replaceSync(`@media (prefers-reduced-motion: no-preference) {
  @view-transition { navigation: auto }
  ::view-transition-group(root) { animation-duration: 140ms }
}`);
document.adoptedStyleSheets.push(calm);
