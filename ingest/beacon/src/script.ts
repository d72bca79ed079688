// beacon.js: the tag `<script defer src="https://host/beacon.js" data-site="shop"></script>`. What runs is in start.ts.
import { start } from "./start";

try {
  const script = document.currentScript as HTMLScriptElement;
  start(script.dataset, script);
} catch {}
