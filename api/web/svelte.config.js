// The defaults; the file tells the tools that they are meant.
export default {};
