package mix

// hash2 mixes two words.
func hash2(a, b uint32) uint32 {
	h := (uint64(a)+0x9e3779b9)*0x9e3779b97f4a7c15 ^ uint64(b)*0xd6e8feb86659fd93
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return uint32(h >> 32)
}

func hash3(a, b, c uint32) uint32 { return hash2(hash2(a, b), c) }

// chain adds the byte c to the hash of those in front of it, in less time than hash2.
func chain(h, c uint32) uint32 {
	h = (h + c + 1) * 0x2c1b3c6d
	return h ^ h>>15
}
