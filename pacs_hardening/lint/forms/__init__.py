"""What people write a configuration in: Compose files, manifests of Kubernetes, Helm values, Dockerfiles, env files.

Each reader makes ``Setup``s of it, one for each Orthanc: JSON fragments and variables, with file and line.
"""
