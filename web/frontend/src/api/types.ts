/** The site's answers and what it takes, as the API describes them. */

export type PhotoState = "waiting" | "working" | "ready" | "failed";
export type Visibility = "public" | "members" | "private";

export interface Photo {
  id: string;
  name: string;
  caption: string;
  state: PhotoState;
  error: string;
  notice: string;
  width: number;
  height: number;
  size_bytes: number;
  taken_at: string | null;
  camera: string;
  uploaded_at: string;
  /** A tiny picture as a data: address, or "". */
  placeholder: string;
  thumbnail_url: string | null;
  preview_url: string | null;
  original_url: string | null;
  can_edit: boolean;
  /** Photos are in the order of position, then id. */
  position: number;
}

export interface Cover {
  id: string;
  thumbnail_url: string | null;
  width: number;
  height: number;
  placeholder: string;
}

export interface Gallery {
  name: string;
  slug: string;
  description: string;
  event_date: string | null;
  visibility: Visibility;
  photo_count: number;
  cover: Cover | null;
  owner_name: string;
  created_at: string;
  url: string;
  can_edit: boolean;
  can_upload: boolean;
}

export interface PhotoPage {
  results: Photo[];
  next: string | null;
  previous: string | null;
}

export interface Counts {
  total: number;
  unfinished: number;
  failed: number;
}

export interface Changes {
  photos: Photo[];
  since: string;
  more: boolean;
  counts: Counts;
}

export type PhotoChange = Partial<Pick<Photo, "caption" | "name" | "taken_at">> & {
  /** Moves it behind that photo; `null` to the front. */
  after_id?: string | null;
};

export interface UploadResult {
  name: string;
  status: "accepted" | "duplicate" | "rejected";
  code: string;
  message: string;
  photo: Photo | null;
}

export interface Upload {
  id: string;
  name: string;
  size_bytes: number;
  received_bytes: number;
  state: "receiving" | "waiting" | "working" | "done" | "failed";
  error: string;
  results: UploadResult[];
}

export type UnfinishedUpload = Omit<Upload, "results">;

export interface Download {
  id: string;
  state: "waiting" | "working" | "ready" | "failed";
  url: string | null;
  size_bytes: number;
  photo_count: number;
  packed_count: number;
}

/** RFC 9457. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: { field: string; code: string; detail: string }[];
}

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
