package sqlstore

// Statements are written for both databases; Backend.q spells them: ?1 is the
// first parameter, and what differs stands in braces.
const (
	sqlCurrent = `SELECT current, created_at FROM dataset WHERE id = ?1`

	// Until the transaction ends, no other one publishes another version.
	sqlHoldCurrent = sqlCurrent + `{lock}`

	sqlUpsertDataset = `
INSERT INTO dataset (id, kind, role, title, description, license, attribution, created_at, current, about)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (id) DO UPDATE SET
    kind = excluded.kind, role = excluded.role, title = excluded.title, description = excluded.description,
    license = excluded.license, attribution = excluded.attribution, current = excluded.current, about = excluded.about`

	sqlDescribe = `
UPDATE dataset SET role = ?2, title = ?3, description = ?4, license = ?5, attribution = ?6, about = ?7 WHERE id = ?1`

	sqlInsertAct = `INSERT INTO act (seq, at, who, deed, dataset, version, detail)
SELECT coalesce(max(seq), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6 FROM act`

	sqlActs = `
SELECT seq, at, who, deed, dataset, version, detail FROM act
WHERE (?1 = '' OR dataset = ?1) AND (?2 = 0 OR seq < ?2) ORDER BY seq DESC LIMIT ?3`

	sqlInsertVersion = `
INSERT INTO version (dataset, number, published_at, sha256, crs, min_x, min_y, max_x, max_y,
    west, south, east, north, time_start, time_end, detail)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)`

	sqlOtherContent = `SELECT dataset, version FROM file WHERE key = ?1 AND (size <> ?2 OR sha256 <> ?3) LIMIT 1`

	sqlFilesOfOtherContent = `
SELECT a.key, b.dataset, b.version FROM file a JOIN file b ON b.key = a.key AND (b.size <> a.size OR b.sha256 <> a.sha256)
WHERE a.dataset = ?1 AND a.version = ?2 ORDER BY a.key LIMIT 1`

	sqlInsertFiles = `INSERT INTO file (key, dataset, version, size, sha256) VALUES`

	sqlInsertFile = `INSERT INTO file (key, dataset, version, size, sha256) VALUES (?1, ?2, ?3, ?4, ?5)`

	sqlInsertItems = `
INSERT INTO item (dataset, version, id, datetime, file, west, south, east, north, cloud_cover, detail) VALUES`

	sqlVersionDetail = `SELECT detail FROM version WHERE dataset = ?1 AND number = ?2`

	sqlSetVersionDetail = `UPDATE version SET detail = ?1 WHERE dataset = ?2 AND number = ?3`

	sqlDeleteFile = `DELETE FROM file WHERE key = ?1 AND dataset = ?2 AND version = ?3`

	sqlHasKey = `SELECT count(*) FROM file WHERE key = ?1`

	sqlBumpRevision = `UPDATE revision SET value = value + 1`

	sqlRevision = `SELECT value FROM revision`

	sqlSelectDataset = `
SELECT d.id, d.kind, d.role, d.title, d.description, d.license, d.attribution, d.created_at, d.about,
    v.min_x, v.min_y, v.max_x, v.max_y, v.west, v.south, v.east, v.north, v.detail
FROM dataset d JOIN version v ON v.dataset = d.id AND v.number = d.current
`
	sqlDatasets = sqlSelectDataset + `ORDER BY d.id`

	sqlDataset = sqlSelectDataset + `WHERE d.id = ?1`

	sqlHasVersion = `SELECT count(*) FROM version WHERE dataset = ?1 AND number = ?2`

	sqlVersions = `
SELECT min_x, min_y, max_x, max_y, west, south, east, north, detail
FROM version WHERE dataset = ?1 ORDER BY number DESC`

	sqlItems = `
SELECT west, south, east, north, detail
FROM item WHERE dataset = ?1 AND version = ?2 ORDER BY datetime NULLS FIRST, id`

	sqlKeys = `SELECT key, min(size), min(sha256) FROM file GROUP BY key ORDER BY key`

	sqlOrphanedBy = `
SELECT key FROM file GROUP BY key
HAVING min(dataset) = ?1 AND max(dataset) = ?1 ORDER BY key`

	sqlRemoveDataset = `DELETE FROM dataset WHERE id = ?1`
)
