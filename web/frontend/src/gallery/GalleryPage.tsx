import { useCallback, useState } from "react";

import { UploadPanel } from "../uploads/UploadPanel";
import { useUploads } from "../uploads/useUploads";
import { Lightbox } from "../photos/Lightbox";
import { PhotoGrid } from "../photos/PhotoGrid";
import { usePhotos } from "../photos/usePhotos";

interface Props {
  photosUrl: string;
  uploadLimitMb: number;
  canUpload: boolean;
}

export function GalleryPage({ photosUrl, uploadLimitMb, canUpload }: Props) {
  const { photos, trouble, refresh, remove } = usePhotos(photosUrl);
  const uploads = useUploads({ url: photosUrl, limitMb: uploadLimitMb, onAccepted: refresh });
  const [openId, setOpenId] = useState<string | null>(null);
  const close = useCallback(() => setOpenId(null), []);
  const ready = photos?.filter((photo) => photo.state === "ready") ?? [];

  return (
    <>
      {canUpload && <UploadPanel {...uploads} limitMb={uploadLimitMb} />}
      {trouble && (
        <p className="notice notice-warning" role="alert">
          {trouble}
        </p>
      )}
      <PhotoGrid photos={photos} canUpload={canUpload} onOpen={setOpenId} onDelete={remove} />
      {openId && <Lightbox photos={ready} openId={openId} onMove={setOpenId} onClose={close} />}
    </>
  );
}
