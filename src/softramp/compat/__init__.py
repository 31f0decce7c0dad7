"""softramp under the names and signatures of others."""
