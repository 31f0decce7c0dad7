from hypothesis import settings

settings.register_profile("softramp", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("softramp")
