// Text that is meant to be copied.
import type { JSX } from "preact";
import { useState } from "preact/hooks";

export function Copied({ text, label }: { text: string; label: string }): JSX.Element {
  const [done, set] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return (
    <div class="copied">
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <button type="button" onClick={copy} aria-live="polite">
        {done ? "Copied" : "Copy"}
      </button>
    </div>
  );
}
