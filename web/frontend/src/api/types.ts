/** The site's answers by their names: as the schema describes them, which is generated. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Photo = Schemas["Photo"];
export type PhotoState = Schemas["WorkState"];
export type Gallery = Schemas["Gallery"];
export type PhotoPage = Schemas["PaginatedPhotoList"];
export type Counts = Schemas["Counts"];
export type Changes = Schemas["Changes"];
export type PhotoChange = Schemas["PatchedPhotoFactsRequest"];
export type UploadResult = Schemas["UploadResult"];
export type Upload = Schemas["Upload"];
export type UnfinishedUpload = Schemas["UploadSummary"];
export type Download = Schemas["Download"];
export type Problem = Schemas["Problem"];

/** What Django hands to the gallery's page. */
export interface GalleryData {
  gallery: Gallery;
  photos: PhotoPage;
  since: string;
  counts: Counts;
  filters: { search: string; year: string };
  /** Of this person, not ended. Their results are not in it. */
  uploads: UnfinishedUpload[];
  limits: { photo_mb: number; zip_mb: number };
  language: string;
  time_zone: string;
}
