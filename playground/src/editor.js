export const EditorView = null, basicSetup = null;
