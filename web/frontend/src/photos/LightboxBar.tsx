import type { Photo } from "../api/types";
import { Icon, type IconName } from "../Icon";
import { t } from "../i18n";

interface Props {
  photo: Photo | undefined;
  position: string;
  onClose: () => void;
}

export function LightboxBar({ photo, position, onClose }: Props) {
  return (
    <div className="lightbox-bar">
      <span className="lightbox-name" title={photo?.name}>
        {photo?.name}
      </span>
      <span className="lightbox-position" role="status">
        {position}
      </span>
      {photo?.preview_url && (
        <DownloadLink address={previewOf(photo)} icon="screen" label={t.lightbox.screenSize} />
      )}
      {photo?.original_url && (
        <DownloadLink address={photo.original_url} icon="download" label={t.lightbox.original} />
      )}
      <button type="button" className="lightbox-button" aria-label={t.close} onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}

interface LinkProps {
  address: string;
  icon: IconName;
  label: string;
}

/** The query is what counts: after a redirect to a bucket, `download` is not looked at. */
function DownloadLink({ address, icon, label }: LinkProps) {
  return (
    <a className="lightbox-button" href={`${address}?download`} download aria-label={label} title={label}>
      <Icon name={icon} />
    </a>
  );
}

/** Its lasting address: the signed one only shows it. */
const previewOf = (photo: Photo) => `/media/photos/${photo.id}/preview`;
