package stream

// element reads what a way and a relation have alike: the id, the keys and
// values of tags (into d.a and d.b) and the lists of fields 8 to 10, each of at
// most so many numbers. The first two lists are valid until the next element.
func (d *decoder) element(b []byte, id *int64, most int) (eight, nine, ten []uint64, err error) {
	d.a, d.b, d.c, d.d = d.a[:0], d.b[:0], d.c[:0], d.d[:0]
	m := message{b: b}
	for {
		more, err := m.next()
		if err != nil {
			return nil, nil, nil, err
		}
		if !more {
			return d.c, d.d, ten, nil
		}
		switch m.num {
		case 1:
			*id, err = m.number()
		case 2:
			d.a, err = m.numbers(d.a, maxTags)
		case 3:
			d.b, err = m.numbers(d.b, maxTags)
		case 8:
			d.c, err = m.numbers(d.c, most)
		case 9:
			d.d, err = m.numbers(d.d, most)
		case 10:
			ten, err = m.numbers(ten, most)
		}
		if err != nil {
			return nil, nil, nil, err
		}
	}
}

func (d *decoder) oneWay(b []byte) error {
	if d.v.Way == nil {
		return nil
	}
	w := &d.way
	w.ID, w.Refs, w.At = 0, w.Refs[:0], w.At[:0]
	refs, lats, lons, err := d.element(b, &w.ID, maxRefs)
	if err != nil {
		return err
	}
	if err := d.setTags(d.a, d.b); err != nil {
		return err
	}
	w.Tags = d.tags
	var id int64
	for _, r := range refs {
		id += zigzag(r)
		w.Refs = append(w.Refs, id)
	}
	if err := d.inlinePositions(w, lats, lons); err != nil {
		return err
	}
	if err := d.v.Way(w); err != nil {
		return &visitError{err}
	}
	return nil
}

// inlinePositions reads the feature LocationsOnWays.
func (d *decoder) inlinePositions(w *Way, lats, lons []uint64) error {
	if len(lats) == 0 && len(lons) == 0 {
		return nil
	}
	if len(lats) != len(w.Refs) || len(lons) != len(w.Refs) {
		return errWire
	}
	var lat, lon int64
	for i := range lats {
		lat += zigzag(lats[i])
		lon += zigzag(lons[i])
		at, ok := d.position(lon, lat)
		if !ok {
			return errWire
		}
		w.At = append(w.At, at)
	}
	return nil
}

func (d *decoder) oneRelation(b []byte) error {
	if d.v.Relation == nil {
		return nil
	}
	r := &d.relation
	r.ID, r.Members = 0, r.Members[:0]
	roles, refs, kinds, err := d.element(b, &r.ID, maxMembers)
	if err != nil {
		return err
	}
	if err := d.setTags(d.a, d.b); err != nil {
		return err
	}
	r.Tags = d.tags
	if len(roles) != len(refs) || len(kinds) != len(refs) {
		return errWire
	}
	var id int64
	for i := range refs {
		id += zigzag(refs[i])
		if roles[i] >= uint64(len(d.table)) || kinds[i] > 2 {
			return errWire
		}
		r.Members = append(r.Members, Member{Kind(kinds[i]), id, d.table[roles[i]]})
	}
	if err := d.v.Relation(r); err != nil {
		return &visitError{err}
	}
	return nil
}
