import requests
import json

rq_dict = {
    "imgSrc": "path/to/your/image/in/s3/bucket"
}

res = requests.post("/analyze/segmentation-v2", json=rq_dict)
response_data = res.json()
print(response_data)
