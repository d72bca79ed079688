// The catalogue of reports, read once: what each says, which parameters it has, what its columns mean.
import { signal } from "@preact/signals";
import { get, type Report } from "./api";

export * from "./api";
export { me } from "./state";

export interface Catalogue {
  reports: Report[];
  dimensions: { name: string; about: string; of_session: boolean }[];
}

export const catalogue = signal<Catalogue>({ reports: [], dimensions: [] });

export async function load(): Promise<void> {
  catalogue.value = await get<Catalogue>("/api/reports");
}

/** The report of that name; none where this server does not have it. */
export const report = (name: string): Report | undefined => catalogue.value.reports.find(report => report.name === name);
