package coverage

import "contado/geo/fault"

// Attachment is a file that came with the question of a report, kept in it so
// that the question can be asked again.
type Attachment struct {
	Kind string `json:"kind"` // AttachedSpeeds or AttachedProfile
	Name string `json:"name"`
	Text string `json:"text"`
}

// Kinds of Attachment.
const (
	AttachedSpeeds  = "speeds"  // table of speeds (CSV)
	AttachedProfile = "profile" // way of moving (YAML)
)

// Bounds of what is attached to one report.
const (
	MaxAttached      = 32
	MaxAttachedBytes = 1 << 20 // all together
)

// CheckAttached refuses what is more than a report keeps, as fault.TooLarge,
// and kinds that are none, as fault.Invalid.
func CheckAttached(list []Attachment) error {
	const op = "coverage.CheckAttached"
	if len(list) > MaxAttached {
		return fault.Errorf(op, fault.TooLarge, "%d files beside the report; at most %d are kept in it", len(list), MaxAttached)
	}
	size := 0
	for _, f := range list {
		if f.Kind != AttachedSpeeds && f.Kind != AttachedProfile {
			return fault.Errorf(op, fault.Invalid, "file %.80q beside the report is %.40q: want %s or %s", f.Name, f.Kind, AttachedSpeeds, AttachedProfile)
		}
		if size += len(f.Text) + len(f.Name); size > MaxAttachedBytes {
			return fault.Errorf(op, fault.TooLarge, "the files beside the report are larger than the %d KiB that are kept in it", MaxAttachedBytes>>10)
		}
	}
	return nil
}
