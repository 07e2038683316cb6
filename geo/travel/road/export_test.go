package road

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
