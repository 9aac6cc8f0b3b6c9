// Package merkle makes the hash trees of RFC 6962 (SHA-256) whose leaves are lines, a part at a
// time, so that parts can be hashed side by side, and most of a tree need not be kept.
package merkle

import "crypto/sha256"

// Hash is that of a leaf or of a node.
type Hash = [sha256.Size]byte

// What tells leaves and nodes apart (RFC 6962, 2.1).
const (
	leafPrefix = 0
	nodePrefix = 1
)

// Leaf is the hash of a leaf.
func Leaf(data []byte) (h Hash) {
	var buf [512]byte // mostly a line fits
	if len(data) < len(buf) {
		buf[0] = leafPrefix
		return sha256.Sum256(buf[:1+copy(buf[1:], data)])
	}
	sum := sha256.New()
	sum.Write([]byte{leafPrefix})
	sum.Write(data)
	sum.Sum(h[:0])
	return h
}

// Node is the hash of the node above two.
func Node(left, right Hash) Hash {
	var buf [1 + 2*sha256.Size]byte
	buf[0] = nodePrefix
	copy(buf[1:], left[:])
	copy(buf[1+sha256.Size:], right[:])
	return sha256.Sum256(buf[:])
}
