// The map is large and slow to start, and keeps the page from answering meanwhile:
// it waits until the panel has what it shows first.
let stood: () => void = () => undefined;
const standing = new Promise<void>((resolve) => (stood = resolve));

/** panelStood is called when the panel has what it shows first, or will not get it. */
export const panelStood = (): void => stood();

/** afterPanel waits for the panel, at most so many milliseconds, and until it has been drawn and the browser has nothing else to do. */
export async function afterPanel(most: number): Promise<void> {
  await Promise.race([standing, new Promise((resolve) => setTimeout(resolve, most))]);
  await new Promise<void>((resolve) => {
    const idle = (): void => {
      if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: 1000 });
      else setTimeout(resolve, 100);
    };
    // A page that nobody sees draws no pictures.
    const late = setTimeout(idle, 500);
    requestAnimationFrame(() => {
      clearTimeout(late);
      setTimeout(idle);
    });
  });
}
