// Pulumi's runner compiles a pack's main file itself when it is TypeScript, and refuses imports that end in .ts. What plain
// JavaScript imports is read by Node alone.
import './index.ts';
