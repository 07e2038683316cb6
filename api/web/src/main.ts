import { mount } from 'svelte';
import App from './App.svelte';
import './app.scss';

const target = document.getElementById('app');
if (!target) throw new Error('the page has no #app element');
target.textContent = '';
mount(App, { target });
