// Invisible layers that mark heights in the pile of the map. From below: the
// base map, ground, pictures and areas of the data, lines, lines and points of
// the data, overlay, what tasks show, labels, names.
export type Anchor = 'ground' | 'lines' | 'overlay' | 'labels';

export const anchors: readonly Anchor[] = ['ground', 'lines', 'overlay', 'labels'];

export const anchorID = (a: Anchor): string => `host-${a}`;
