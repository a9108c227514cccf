package main

import (
	"bytes"
	"encoding/base64"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v3/pkg/oci/mutate"
	"github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/payload"
)

// sign signs an image, named by its digest, with a key that nobody has afterwards.
func sign(image, file string) error {
	digest, err := name.NewDigest(image, name.Insecure)
	if err != nil {
		return err
	}
	signer, _, err := signature.NewDefaultECDSASignerVerifier()
	if err != nil {
		return err
	}
	said, err := (&payload.Cosign{Image: digest}).MarshalJSON()
	if err != nil {
		return err
	}
	raw, err := signer.SignMessage(bytes.NewReader(said))
	if err != nil {
		return err
	}
	signed, err := static.NewSignature(said, base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		return err
	}
	entity, err := remote.SignedEntity(digest)
	if err != nil {
		return err
	}
	entity, err = mutate.AttachSignatureToEntity(entity, signed)
	if err != nil {
		return err
	}
	if err := remote.WriteSignatures(digest.Repository, entity); err != nil {
		return err
	}
	key, err := signer.PublicKey()
	if err != nil {
		return err
	}
	text, err := cryptoutils.MarshalPublicKeyToPEM(key)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
