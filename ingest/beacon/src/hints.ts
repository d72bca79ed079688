// User agent client hints that browsers no longer put into the user agent: asked for once, and sent with page views as one
// property. Ingest sees the low ones as headers; the high ones come to another origin only this way.
import { discreet } from "./settings";

interface Agent {
  userAgentData: { getHighEntropyValues(names: string[]): Promise<unknown> };
}

/** As the browser gives them (User-Agent Client Hints, `UADataValues`). */
export let hints: { $hints?: unknown } = {};

/** Never rejects. */
export const ask = async (): Promise<void> => {
  try {
    if (!discreet)
      hints = {
        $hints: await (navigator as unknown as Agent).userAgentData.getHighEntropyValues(["fullVersionList", "model", "platformVersion"]),
      };
  } catch {}
};
