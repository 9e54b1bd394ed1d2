"""A verification for programs, in the shape of `aftershock.render.proof.document`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.render.document import Artifact, DbtProject
from aftershock.render.encoding import encoded
from aftershock.render.proof import words
from aftershock.render.proof.document import PROOF_VERSION, AskedPerson, JudgedNode, ProofDocument, SeenResult, StateCounts

if TYPE_CHECKING:
    from aftershock.model.proof import NodeProof, Verification


def json(found: Verification) -> str:
    """The verification as a `ProofDocument`, indented by two, with a line end."""
    document = ProofDocument(
        schema_version=PROOF_VERSION,
        verdict=words.verdict(found),
        repaired=found.is_repaired,
        since=found.since,
        target=found.target,
        counts=StateCounts(**words.counts(found)),
        nodes=tuple(_node(found, node) for node in found.nodes),
        confirm=tuple(AskedPerson(item.who, item.nodes, item.why) for item in found.confirm),
        notes=found.notes,
        warnings=found.warnings,
        project=msgspec.convert(found.project, DbtProject, from_attributes=True),
        artifacts=tuple(msgspec.convert(file, Artifact, from_attributes=True) for file in found.files),
        read_at=found.read_at,
    )
    return encoded(document)


def _node(found: Verification, node: NodeProof) -> JudgedNode:
    seen = tuple(SeenResult(item.file, item.unique_id, item.status, item.at) for item in node.evidence)
    label = words.name(found, node.unique_id)
    return JudgedNode(node.unique_id, label, node.resource_type, node.state, node.is_open, node.why, node.failing, node.confirmed, seen)
