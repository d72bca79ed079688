// UUIDv7 (RFC 9562): milliseconds since 1970, then 72 random bits. Text order is the order of making, to the millisecond.

/** 0..15; browsers and frames without `crypto` get the worse source, which still makes unlike ids. */
const digit = (): number => {
  try {
    return crypto.getRandomValues(new Uint8Array(1))[0]! & 15;
  } catch {
    return (Math.random() * 16) | 0;
  }
};

export const uuid = (): string =>
  Date.now().toString(16).padStart(12, "0").replace(/.{8}/, "$&-") + "-7xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => digit().toString(16));
