declare module 'virtual:icons' {
  /** address of the sprite with the icons that the page names */
  const url: string;
  export default url;
}
