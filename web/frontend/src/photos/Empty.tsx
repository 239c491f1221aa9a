import { t } from "../i18n";

export function Empty({ isFiltered, canUpload }: { isFiltered: boolean; canUpload: boolean }) {
  const hint = canUpload ? t.grid.emptyForUploaders : t.grid.emptyForReaders;
  return (
    <div className="empty">
      <p className="empty-title">{isFiltered ? t.grid.noneFound : t.grid.empty}</p>
      <p>{isFiltered ? t.grid.noneFoundHint : hint}</p>
    </div>
  );
}
