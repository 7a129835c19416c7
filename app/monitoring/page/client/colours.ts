/** The style sheet's colours for what is drawn on a canvas, in the theme that holds now. */
export type ColourName = 'accent' | 'second' | 'muted' | 'line' | 'ill' | 'well';

const read = new Map<string, string>();
const listeners = new Set<() => void>();

/** A colour of the tokens; `alpha` from 0 to 1 makes it see-through. */
export function colour(name: ColourName, alpha = 1): string {
  const key = `${name} ${alpha}`;
  const known = read.get(key);
  if (known !== undefined) return known;
  // A computed colour, not the token's text: `light-dark()` is resolved only in a property.
  const probe = document.createElement('i');
  probe.className = `probe probe-${name}`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  const value = alpha === 1 ? color : color.replace(/^rgb\((.+)\)$/, `rgba($1, ${alpha})`);
  read.set(key, value);
  return value;
}

/** Calls back when the theme has changed; returns how to stop. */
export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Forgets the colours read so far and has the charts drawn again. */
export function themeChanged(): void {
  read.clear();
  for (const listener of listeners) listener();
}
