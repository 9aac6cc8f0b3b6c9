// Package format reads and writes the parts of an archive, byte for byte as docs/FORMAT.md says:
// headers, chunk records, auxiliary records (parity, filters), indexes and footers.
//
// It decodes no payload and starts no goroutine. A Scanner walks through an archive front to back;
// ReadTail begins at its end; FindRecord looks for records among other bytes. What is read from
// outside is never believed beyond what has arrived.
package format
