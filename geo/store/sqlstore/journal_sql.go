package sqlstore

const (
	sqlJournalLast = `SELECT coalesce(max(seq), 0) FROM journal WHERE dataset = ?1 AND version = ?2`

	sqlJournalLastAt = `SELECT at FROM journal WHERE dataset = ?1 AND version = ?2 AND seq = ?3`

	sqlJournalOfFeature = `
SELECT seq, op FROM journal WHERE dataset = ?1 AND version = ?2 AND feature = ?3 ORDER BY seq DESC LIMIT 1`

	sqlJournalInsert = `
INSERT INTO journal (dataset, version, seq, feature, op, at, who, origin,
    before_geometry, before_values, after_geometry, after_values)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`

	sqlJournalChanges = `
SELECT seq, feature, op, at, who, origin, before_geometry, before_values, after_geometry, after_values
FROM journal WHERE dataset = ?1 AND version = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4`

	// One step down the index for each dataset, however long its journal is.
	sqlJournalHeads = `
SELECT id, head FROM (
    SELECT d.id AS id, (SELECT max(j.seq) FROM journal j WHERE j.dataset = d.id AND j.version = d.current) AS head
    FROM dataset d) AS h
WHERE head IS NOT NULL`
)
