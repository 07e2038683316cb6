package road

import (
	"encoding/binary"
	"hash/crc32"
)

// Bans are the forbidden sequences of arcs for cars.
func (n *Network) Bans() [][]uint32 {
	var out [][]uint32
	for i, modes := range n.banModes {
		if modes&1 != 0 {
			out = append(out, n.bans[n.banAt[i]:n.banAt[i+1]])
		}
	}
	return out
}

// Decode is decode.
var Decode = decode

// LengthOf is lengthOf.
var LengthOf = lengthOf

// Quantize is quantize.
var Quantize = quantize

// Mend makes the checks of a changed file right again, so that what lies
// behind them is tried too.
func Mend(data []byte) []byte {
	if len(data) < headerBytes {
		return data
	}
	out := append([]byte(nil), data...)
	var notes []byte
	count := len((&Network{}).sections(&notes))
	end := headerBytes + count*entryBytes
	if len(out) < end {
		return out
	}
	for i := range count {
		e := out[headerBytes+i*entryBytes:]
		offset, length := binary.LittleEndian.Uint64(e[8:]), binary.LittleEndian.Uint64(e[16:])
		if offset <= uint64(len(out)) && length <= uint64(len(out))-offset {
			binary.LittleEndian.PutUint32(e[4:], crc32.Checksum(out[offset:offset+length], castagnoli))
		}
	}
	binary.LittleEndian.PutUint32(out[24:], crc32.Checksum(out[headerBytes:end], castagnoli))
	binary.LittleEndian.PutUint64(out[16:], uint64(len(out)))
	return out
}
