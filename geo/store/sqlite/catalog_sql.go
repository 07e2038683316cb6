package sqlite

const (
	sqlCurrent = `SELECT current, created_at FROM dataset WHERE id = ?`

	sqlUpsertDataset = `
INSERT INTO dataset (id, kind, role, title, description, license, attribution, created_at, current)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    kind = excluded.kind, role = excluded.role, title = excluded.title, description = excluded.description,
    license = excluded.license, attribution = excluded.attribution, current = excluded.current`

	sqlInsertVersion = `
INSERT INTO version (dataset, number, published_at, sha256, crs, min_x, min_y, max_x, max_y,
    west, south, east, north, time_start, time_end, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	sqlOtherContent = `SELECT dataset, version FROM file WHERE key = ? AND (size <> ? OR sha256 <> ?) LIMIT 1`

	sqlInsertFile = `INSERT INTO file (key, dataset, version, size, sha256) VALUES (?, ?, ?, ?, ?)`

	sqlInsertItem = `
INSERT INTO item (dataset, version, id, datetime, file, west, south, east, north, cloud_cover, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	sqlVersionDetail = `SELECT detail FROM version WHERE dataset = ? AND number = ?`

	sqlSetVersionDetail = `UPDATE version SET detail = ? WHERE dataset = ? AND number = ?`

	sqlDeleteFile = `DELETE FROM file WHERE key = ? AND dataset = ? AND version = ?`

	sqlHasKey = `SELECT count(*) FROM file WHERE key = ?`

	sqlBumpRevision = `UPDATE revision SET value = value + 1`

	sqlRevision = `SELECT value FROM revision`

	sqlDatasets = `
SELECT d.id, d.kind, d.role, d.title, d.description, d.license, d.attribution, d.created_at,
    v.min_x, v.min_y, v.max_x, v.max_y, v.west, v.south, v.east, v.north, v.detail
FROM dataset d JOIN version v ON v.dataset = d.id AND v.number = d.current
ORDER BY d.id`

	sqlVersions = `
SELECT min_x, min_y, max_x, max_y, west, south, east, north, detail
FROM version WHERE dataset = ? ORDER BY number DESC`

	sqlItems = `
SELECT west, south, east, north, detail
FROM item WHERE dataset = ? AND version = ? ORDER BY datetime, id` // NULL sorts first

	sqlKeys = `SELECT key, size, sha256 FROM file GROUP BY key ORDER BY key`

	sqlOrphanedBy = `
SELECT key FROM file GROUP BY key
HAVING min(dataset) = ?1 AND max(dataset) = ?1 ORDER BY key`

	sqlRemoveDataset = `DELETE FROM dataset WHERE id = ?`
)
