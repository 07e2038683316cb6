// The folder must exist in a fresh checkout for the Go program to embed it.
import { writeFileSync } from 'node:fs';

writeFileSync(new URL('../dist/.gitkeep', import.meta.url), '');
