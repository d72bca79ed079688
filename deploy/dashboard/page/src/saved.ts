// Segments, goals and funnels of the site, kept by the server in one small file.
import { signal } from "@preact/signals";
import { change, get, type Saved } from "./api";
import { site } from "./state";

const all = signal<Saved[]>([]);

export const saved = (kind: Saved["kind"]): Saved[] => all.value.filter(item => item.kind === kind && item.site === site.value?.key);

export async function loadSaved(): Promise<void> {
  all.value = await get<Saved[]>("/api/saved");
}

export async function save(item: Omit<Saved, "id" | "site">): Promise<void> {
  const made = await change<Saved>("POST", "/api/saved", { ...item, site: site.value?.key });
  all.value = [...all.value, made];
}

export async function forget(id: string): Promise<void> {
  await change("DELETE", `/api/saved/${id}`);
  all.value = all.value.filter(item => item.id !== id);
}
