// The styles of all come before those of components, which outweigh them.
import './app.scss';
import { mount } from 'svelte';
import App from './App.svelte';
import { locale } from './lib/i18n/index.svelte';
import { address } from './lib/state/address.svelte';
import { catalog } from './lib/state/catalog.svelte';

locale.start();
// Everything that the first view needs is on its way before the page is drawn.
void address.start(catalog.load());

const target = document.getElementById('app');
if (!target) throw new Error('the page has no #app element');
target.textContent = '';
mount(App, { target });
