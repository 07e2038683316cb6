// The styles of all come before those of components, which outweigh them.
import './app.scss';
import { mount } from 'svelte';
import App from './App.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the page has no #app element');
target.textContent = '';
mount(App, { target });
