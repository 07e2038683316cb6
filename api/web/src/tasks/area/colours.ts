// Colours and dashes of areas: told apart without seeing colours, too.
const colours = ['#0059b3', '#b35a00', '#00694a', '#8a2d73', '#455b71', '#a61c1c', '#5b4b00', '#2b5f8a'];
const dashes = ['', '7 4', '2 3', '10 3 2 3', '', '7 4', '2 3', '10 3 2 3'];

export const colourOf = (i: number): string => colours[i % colours.length]!;
export const dashOf = (i: number): string => dashes[i % dashes.length]!;
